"""A dashboard on folders of results: pages in a browser, served by this machine."""
