"""What a trained model says of new sentences.

From Python:

    from pathlib import Path
    from pipeline.prediction import Predictor, Sentence

    predictor = Predictor(Path("models/relation"))
    [prediction] = predictor.predict([Sentence.of("The <e1>storm</e1> left <e2>damage</e2>.")])
    print(prediction.relations[0].name)
    [extraction] = extract(predictor, [Document("1", "here", "Ann Lee founded Acme in Oslo. She left it.", (), ())])
    print(extraction.entities, extraction.relations)
"""

from pipeline.corpus.document import Document
from pipeline.prediction.extractions import Extraction, extract
from pipeline.prediction.predictor import Predictor
from pipeline.prediction.types import Entity, Prediction, Relation, Sentence

__all__ = ["Document", "Entity", "Extraction", "Prediction", "Predictor", "Relation", "Sentence", "extract"]
