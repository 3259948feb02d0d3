"""Spark for processing jobs."""
