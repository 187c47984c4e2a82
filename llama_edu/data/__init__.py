"""The course’s text: pinned archives, cleaning, augmentation, annotation, batches."""
