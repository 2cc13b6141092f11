"""What a trained model says of new sentences.

From Python:

    from pathlib import Path
    from pipeline.prediction import Predictor, Sentence

    [prediction] = Predictor(Path("models/relation")).predict([Sentence.of("The <e1>storm</e1> left <e2>damage</e2>.")])
    print(prediction.relations[0].name)
"""

from pipeline.prediction.predictor import Predictor
from pipeline.prediction.types import Entity, Prediction, Relation, Sentence

__all__ = ["Entity", "Prediction", "Predictor", "Relation", "Sentence"]
