"""What tells another system, or shows a person in the office something."""
