"""Tags as a whole: which are probably the same, and which count as another one."""
