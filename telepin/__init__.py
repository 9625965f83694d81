"""Everything that touches a PIN digit, an identity or a counter of attempts."""
