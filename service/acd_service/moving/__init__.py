"""Tenants on the way from one service to another: all that is kept of one, as one file."""
