"""The desktop: data to trained Keras models and reports."""
