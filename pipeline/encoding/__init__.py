"""From words to vectors: pretrained encoders, frozen inference, the embedding store."""
