"""Stand-ins for 12345, the message board and WeChat on the wire, for demo and tests only."""
