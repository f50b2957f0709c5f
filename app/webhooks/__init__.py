"""What Rollcall sends by itself, over HTTP: queues, delivery, signatures. What is sent is each dialect's."""
