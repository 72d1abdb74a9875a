//! Instances of what a request found.

use crate::model::Instance;
use crate::model::reader::Reader;
use crate::query::Record;

/// The instance of a row whose attributes were all loaded, with its junction row and with what was included below it.
/// Goes as deep as the includes of the request, which are limited.
pub(super) fn instance(reader: Reader<'_>, record: Record<'_>) -> Instance {
    let mut instance = stored(reader, record);
    if let Some(junction) = record.through() {
        instance = instance.with_junction(stored(reader, junction));
    }
    let model = reader.models.registry.model(record.model_id());
    let below = record.includes().filter_map(|(include, records)| {
        let position = model.association_position(&include.association.key)?;
        let instances = records.map(|record| self::instance(reader, record));
        Some((position, instances.collect()))
    });
    instance.with_below(below.collect())
}

fn stored(reader: Reader<'_>, record: Record<'_>) -> Instance {
    Instance::stored(reader.models, record.model_id(), record.view())
}
