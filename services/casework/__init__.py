"""Casework: referrals and the people served."""
