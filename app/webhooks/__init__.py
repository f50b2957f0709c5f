"""What Rollcall tells others by itself, by HTTP: OpenIM's callbacks and RongCloud's."""
