"""What runs behind queues and streams."""
