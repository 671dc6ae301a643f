"""What Prometheus scrapes: counters that the service keeps anyway, put into words when somebody asks."""
