"""What test_parity.py gives to gunicorn and to ucorn, and what may differ."""
