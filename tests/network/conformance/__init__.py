"""What every Link must do, against a real nats-server; each client that Letrade offers runs the same tests."""
