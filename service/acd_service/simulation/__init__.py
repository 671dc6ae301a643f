"""Stochastic scenarios in simulated time, routed by the real engine (`acd simulate`)."""
