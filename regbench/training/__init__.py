"""Training of one pack on one device, as a generator of epochs."""
