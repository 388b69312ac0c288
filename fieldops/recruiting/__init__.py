"""Candidates and sellers: stages, sources, phone numbers, names, representatives, onboarding and figures."""
