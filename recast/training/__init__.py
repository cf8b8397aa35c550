"""Training: windows of catalogs, loss, trainer, and how an interrupted training resumes."""
