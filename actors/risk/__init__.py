"""Risk: the only maker of approvals."""
