"""What people read: feedback pages, tables in the terminal."""
