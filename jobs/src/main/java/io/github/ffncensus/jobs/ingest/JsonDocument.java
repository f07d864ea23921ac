package io.github.ffncensus.jobs.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.github.ffncensus.table.RejectReason;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Takes text and id out of a JSON object, without a tree of all the rest. A field may be nested,
 * written {@code a.b}; a field that is itself called so is found too. The last of several equal
 * names counts. Not thread-safe.
 */
final class JsonDocument {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
          .build();

  private final Field text;
  private final Field id;

  JsonDocument(String textField, String idField) {
    this.text = new Field(textField);
    this.id = new Field(idField);
  }

  RawDocument parse(long unit, String line) {
    text.clear();
    id.clear();
    try (JsonParser parser = JSON.createParser(line)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return malformed(unit, "not a JSON object");
      }
      readObject(parser, "");
      if (parser.nextToken() != null) {
        return malformed(unit, "more than one JSON value");
      }
    } catch (JsonProcessingException e) {
      long column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
      return malformed(unit, "not JSON at character " + column + ": " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (id.value != null && Utf8.hasUnpairedSurrogate(id.value)) {
      return RawDocument.rejected(
          unit, null, RejectReason.UNDECODABLE, id.path + " has half a surrogate pair");
    }
    if (text.value == null) {
      String detail =
          text.found == null
              ? "no field " + text.path
              : "field " + text.path + " is " + text.found + ", not a string";
      return RawDocument.rejected(unit, ownId(), RejectReason.MISSING_FIELD, detail);
    }
    if (Utf8.hasUnpairedSurrogate(text.value)) {
      return RawDocument.rejected(
          unit, ownId(), RejectReason.UNDECODABLE, text.path + " has half a surrogate pair");
    }
    return RawDocument.of(unit, ownId(), text.value);
  }

  private String ownId() {
    return id.value == null || id.value.isEmpty() ? null : id.value;
  }

  private static RawDocument malformed(long unit, String detail) {
    return RawDocument.rejected(unit, null, RejectReason.MALFORMED, detail);
  }

  private void readObject(JsonParser parser, String prefix) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String path = prefix + parser.currentName();
      JsonToken token = parser.nextToken();
      text.take(path, token, parser);
      id.take(path, token, parser);
      if (token == JsonToken.START_OBJECT && (text.isBelow(path) || id.isBelow(path))) {
        readObject(parser, path + ".");
      } else {
        parser.skipChildren();
      }
    }
  }

  private static final class Field {
    private final String path;
    private String value;
    private String found;

    Field(String path) {
      this.path = path;
    }

    void clear() {
      value = null;
      found = null;
    }

    boolean isBelow(String object) {
      return path.length() > object.length()
          && path.startsWith(object)
          && path.charAt(object.length()) == '.';
    }

    void take(String candidate, JsonToken token, JsonParser parser) throws IOException {
      if (!candidate.equals(path)) {
        return;
      }
      value = null;
      switch (token) {
        case VALUE_STRING, VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> value = parser.getText();
        case START_OBJECT -> found = "an object";
        case START_ARRAY -> found = "an array";
        case VALUE_NULL -> found = "null";
        default -> found = "a boolean";
      }
    }
  }
}
