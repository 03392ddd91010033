"""Tables that every subject uses: leases, key-value pairs, processed events."""
