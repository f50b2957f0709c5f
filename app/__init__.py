"""Rollcall: users, tokens and presence for instant messaging, in several vendors' wire protocols."""
