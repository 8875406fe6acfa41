"""What masks do on real lines: the values they cover, and the templates before and after."""
