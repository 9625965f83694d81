"""The test caller and the consultant's automatic phone: real SIP calls, exact keys, everything heard kept.

``SipLine`` is a telephone line, ``place_call`` performs a call script on it, ``LiveCall`` is the same by hand, and
``ConsultantPhone`` is a phone that answers by itself. See docs/test-caller.md.
"""
