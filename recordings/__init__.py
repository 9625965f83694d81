"""What looks back at an ended call: the QA laboratory and the test caller."""
