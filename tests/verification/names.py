"""The names that random worlds are made of: few, so that everything meets everything."""

SKILLS = ("billing", "español", "voice:vip", "trainee")
QUEUES = ("sales", "hilfe", "q3", "q4")
CHANNELS = ("voice", "chat", "mail", "sms")
CUSTOMERS = ("customer-1", "customer-2", "kundin-3")
