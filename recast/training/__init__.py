"""Training, for the command line, the benchmark and Python alike.

codes          the code of a region that a net has not seen
data           CatalogData: one catalog or many as a LightningDataModule
region         a catalog as a net sees it: windows, fitted ETAS, clock, scaling
windows        cutting training windows, and the order in which they are seen
task           RecastTask: loss, optimiser, logging
trainer        one way to train: callbacks, defaults, the recipe of the paper
resuming       an interrupted training ends as if it had not been interrupted
going_on       what else its next epoch depends on, in checkpoints
lightning_cli  `recast fit | validate | test | predict`
"""
