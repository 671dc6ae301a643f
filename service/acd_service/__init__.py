"""The shell around the engine: it numbers and times commands, makes them durable and tells the world."""
