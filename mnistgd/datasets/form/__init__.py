"""From arrays as files hold them to a data set: pixels as bytes, numbered classes, and images to test."""
