"""Broken, hostile and odd inputs."""
