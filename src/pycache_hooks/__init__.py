"""Hooks that keep what Python leaves behind out of git, images and work trees."""
