"""A CRM to look at and to test against: it shows what a consultant would see."""
