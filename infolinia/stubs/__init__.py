"""Stand-ins for systems of others, for trials and tests: e-US and the CRM. Never part of a live hotline."""
