"""Fails as programs do: after it said something, by an exception."""

print("looking for owls", flush=True)
raise ValueError("no owls")
