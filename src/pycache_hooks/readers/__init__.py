"""Readers: each turns files of a repository into plain data."""
