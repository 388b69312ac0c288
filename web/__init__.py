"""The roof: Flask and the files of the browser."""
