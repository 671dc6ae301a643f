"""`acd demo`: a busy contact-centre day, driven through a real server, its figures counted from the event stream."""
