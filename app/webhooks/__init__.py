"""Outgoing HTTP callbacks: queues, delivery, signatures. The dialects define their contents."""
