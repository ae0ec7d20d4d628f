"""Tests of core/network against a real nats-server."""
