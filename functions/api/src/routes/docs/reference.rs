//! The OpenAPI document in the order in which a person reads it.

use serde_json::{Map, Value};

/// Everything on the page.
pub(super) struct Reference {
    pub(super) title: String,
    pub(super) version: String,
    pub(super) description: String,
    pub(super) groups: Vec<Group>,
    pub(super) schemas: Vec<Schema>,
}

/// Operations of one tag.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) operations: Vec<Operation>,
}

/// One method of one path.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) needs_key: bool,
    pub(super) parameters: Vec<Field>,
    pub(super) body: Option<Kind>,
    pub(super) responses: Vec<Answer>,
}

/// A status and what comes with it.
pub(super) struct Answer {
    pub(super) status: String,
    pub(super) description: String,
    pub(super) body: Option<Kind>,
}

/// A parameter or a property.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) place: String,
    pub(super) is_required: bool,
    pub(super) kind: Kind,
    pub(super) description: String,
}

/// A type in words, and the schema of this page that it refers to.
pub(super) struct Kind {
    pub(super) words: String,
    pub(super) schema: Option<String>,
}

/// A named schema; one with several forms lists the fields of each.
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) forms: Vec<Vec<Field>>,
}

impl Reference {
    /// The reference of a document.
    pub(super) fn of(document: &Value) -> Self {
        let mut groups: Vec<Group> = array(&document["tags"]).iter().map(group).collect();
        for (path, item) in entries(&document["paths"]) {
            for (method, value) in entries(item) {
                let operation = operation(path, method, value);
                let tag = text(&value["tags"][0]);
                if let Some(group) = groups.iter_mut().find(|group| group.name == tag) {
                    group.operations.push(operation);
                }
            }
        }
        Self {
            title: text(&document["info"]["title"]),
            version: text(&document["info"]["version"]),
            description: text(&document["info"]["description"]),
            groups,
            schemas: entries(&document["components"]["schemas"])
                .map(|(name, value)| schema(name, value))
                .collect(),
        }
    }
}

fn group(tag: &Value) -> Group {
    Group { name: text(&tag["name"]), description: text(&tag["description"]), operations: Vec::new() }
}

fn operation(path: &str, method: &str, value: &Value) -> Operation {
    let media = |content: &Value| entries(content).next().map(|(_, media)| kind(&media["schema"]));
    let answer = |(status, response): (&String, &Value)| Answer {
        status: status.clone(),
        description: text(&response["description"]),
        body: media(&response["content"]),
    };
    Operation {
        id: text(&value["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&value["summary"]),
        description: text(&value["description"]),
        needs_key: !array(&value["security"]).is_empty(),
        parameters: array(&value["parameters"]).iter().map(parameter).collect(),
        body: media(&value["requestBody"]["content"]),
        responses: entries(&value["responses"]).map(answer).collect(),
    }
}

fn parameter(value: &Value) -> Field {
    Field {
        name: text(&value["name"]),
        place: text(&value["in"]),
        is_required: value["required"].as_bool().unwrap_or(false),
        kind: kind(&value["schema"]),
        description: text(&value["description"]),
    }
}

fn schema(name: &str, value: &Value) -> Schema {
    let alternatives = array(&value["oneOf"]);
    let forms: Vec<&Value> =
        if alternatives.is_empty() { vec![value] } else { alternatives.iter().collect() };
    Schema {
        name: name.to_owned(),
        description: text(&value["description"]),
        forms: forms.into_iter().map(properties).collect(),
    }
}

fn properties(value: &Value) -> Vec<Field> {
    let required = array(&value["required"]);
    let field = |(name, property): (&String, &Value)| Field {
        name: name.clone(),
        place: String::new(),
        is_required: required.iter().any(|one| one.as_str() == Some(name)),
        kind: kind(property),
        description: text(&property["description"]),
    };
    entries(&value["properties"]).map(field).collect()
}

/// The type of a schema in words: a name, a plain type, a list of one, or one of several.
fn kind(value: &Value) -> Kind {
    if let Some(name) = value["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return Kind { words: name.to_owned(), schema: Some(name.to_owned()) };
    }
    if value["type"].as_str() == Some("array") {
        let item = kind(&value["items"]);
        return Kind { words: format!("list of {}", item.words), schema: item.schema };
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        let parts: Vec<Kind> = array(&value[several]).iter().map(kind).collect();
        if !parts.is_empty() {
            let words: Vec<&str> = parts.iter().map(|part| part.words.as_str()).collect();
            return Kind {
                words: words.join(" or "),
                schema: parts.iter().find_map(|part| part.schema.clone()),
            };
        }
    }
    if let Some(only) = array(&value["enum"]).first().and_then(Value::as_str) {
        return Kind { words: format!("\"{only}\""), schema: None };
    }
    let words = match &value["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        other => text(other),
    };
    Kind { words, schema: None }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}
