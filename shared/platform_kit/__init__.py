"""What intake and reply both need to talk to one platform: signatures, encryption, tokens."""
