using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Primitives;
using Roost.AspNetCore.Input;

namespace Roost.AspNetCore;

/// <summary>
/// Makes an answer of a form as it was filled in, and says of each control what is wrong with it. The library says what does not fit the schema.
/// </summary>
internal sealed class AnswerReader(IFormCollection form)
{
    private readonly Dictionary<string, string> problems = new(StringComparer.Ordinal);

    /// <summary>What is wrong, by the name of the control.</summary>
    public IReadOnlyDictionary<string, string> Problems => problems;

    /// <summary>The answer; null where it is JSON null, or where something is wrong.</summary>
    public JsonNode? Read(AnswerField root) => TryRead(root, out JsonNode? value) ? value : null;

    /// <summary>False where nothing was given, and nothing has to be.</summary>
    private bool TryRead(AnswerField field, out JsonNode? value)
    {
        value = null;
        bool isGiven = field.Kind switch
        {
            AnswerKind.Members => TryReadMembers(field, out value),
            AnswerKind.Choices => TryReadChoices(field, out value),
            AnswerKind.Lines => TryReadLines(field, out value),
            _ => Text(field) is { } text && TryReadText(field, text, out value),
        };
        if (isGiven || problems.ContainsKey(field.Name)) return isGiven;
        if (field.IsRequired && !field.IsNullable) problems[field.Name] = field.Kind == AnswerKind.Choice ? "Choose one." : "It is missing.";
        return field is { IsRequired: true, IsNullable: true }; // As null.
    }

    private bool TryReadMembers(AnswerField field, out JsonNode? value)
    {
        var members = new JsonObject();
        value = members;
        if (field is not { IsRequired: true, IsNullable: false } && !IsTouched(field))
        {
            value = null; // What may be left out is, where nothing of it was filled in.
            return false;
        }
        foreach ((string member, AnswerField inner) in field.Members)
            if (TryRead(inner, out JsonNode? read)) members[member] = read;
        return true;
    }

    private bool IsTouched(AnswerField field) =>
        field.Kind == AnswerKind.Members ? field.Members.Any(member => IsTouched(member.Field)) : Text(field) is not null;

    private bool TryReadChoices(AnswerField field, out JsonNode? value)
    {
        int[] chosen = [.. form[field.Name].Select(text => PlaceOf(field, text)).Where(place => place >= 0)];
        value = new JsonArray([.. chosen.Select(place => Node(field.Choices[place]))]);
        return chosen.Length > 0 || field.IsRequired;
    }

    private bool TryReadLines(AnswerField field, out JsonNode? value)
    {
        var list = new JsonArray();
        value = list;
        foreach (string line in (Text(field) ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!field.IsOfNumbers) list.Add((JsonNode)line);
            else if (NumberOf(line, field.IsWhole) is { } number) list.Add(number);
            else problems.TryAdd(field.Name, $"“{Shown(line)}” is no {(field.IsWhole ? "whole " : "")}number.");
        }
        return list.Count > 0 || field is { IsRequired: true, IsNullable: false };
    }

    private bool TryReadText(AnswerField field, string text, out JsonNode? value)
    {
        value = null;
        switch (field.Kind)
        {
            case AnswerKind.Choice when PlaceOf(field, text) is >= 0 and var place:
                value = Node(field.Choices[place]);
                return true;
            case AnswerKind.Text:
                value = text;
                return true;
            case AnswerKind.Number when NumberOf(text.Trim(), field.IsWhole) is { } number:
                value = number;
                return true;
            case AnswerKind.Number:
                problems[field.Name] =
                    $"“{Shown(text)}” is no {(field.IsWhole ? "whole number; write one such as 12." : "number; write one such as 12.5.")}";
                return false;
            case AnswerKind.Json:
                return TryReadJson(field, text, out value);
            default:
                return false;
        }
    }

    private bool TryReadJson(AnswerField field, string text, out JsonNode? value)
    {
        value = null;
        try
        {
            value = Node(TypedJson.Parse(field.Name, text));
            return true;
        }
        catch (InvalidInputException wrong)
        {
            problems[field.Name] = wrong.Message[(field.Name.Length + 2)..];
            return false;
        }
    }

    /// <summary>As it was written: no digit is lost.</summary>
    private static JsonNode? NumberOf(string text, bool isWhole)
    {
        try
        {
            JsonElement number = TypedJson.Parse("", text);
            return number.ValueKind == JsonValueKind.Number && (!isWhole || IsWhole(number)) ? Node(number) : null;
        }
        catch (InvalidInputException)
        {
            return null;
        }
    }

    private static bool IsWhole(JsonElement number) => number.TryGetDecimal(out decimal exact) && exact == decimal.Truncate(exact);

    private static int PlaceOf(AnswerField field, string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int place) && place < field.Choices.Count ? place : -1;

    private static JsonNode? Node(JsonElement value) => JsonNode.Parse(value.GetRawText());

    private static string Shown(string text) => text.Length <= 40 ? text : $"{text[..40]}…";

    /// <summary>What was filled in, with the line ends that a text has; null for nothing.</summary>
    private string? Text(AnswerField field) =>
        form.TryGetValue(field.Name, out StringValues values) && values is [{ } text, ..] && !string.IsNullOrWhiteSpace(text)
            ? text.ReplaceLineEndings("\n")
            : null;
}
