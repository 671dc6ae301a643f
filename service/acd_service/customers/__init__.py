"""The directory of customers: who is calling, and what that changes. See docs/customers.md."""
