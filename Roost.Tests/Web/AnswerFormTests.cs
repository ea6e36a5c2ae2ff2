using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Roost.AspNetCore;

namespace Roost.Tests.Web;

/// <summary>A form is made from the schema of an answer, and an answer from what was filled in.</summary>
[TestFixture]
internal sealed class AnswerFormTests
{
    private enum Colour
    {
        Red,
        Green,
    }

    private sealed record Size(int Width, int? Height);

    private sealed record Approval(
        bool Approved, string? Comment, Colour Colour, decimal Amount, Size Size, string[] Tags, int[] Years, Dictionary<string, int> Rest);

    private static readonly JsonSerializerOptions Options = new(RoostJson.Default)
    {
        Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter<Colour>(JsonNamingPolicy.SnakeCaseLower) },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>By the framework's exporter.</summary>
    private static AnswerField Exported => AnswerField.Of(
        JsonElement.Parse(Options.GetJsonSchemaAsNode(typeof(Approval), new() { TreatNullObliviousAsNonNullable = true }).ToJsonString()));

    [Test]
    public void Every_member_of_a_type_has_its_control() =>
        Exported.Members.Select(member => Told(member.Field)).Should().Equal(
            "answer.0 Approved: Choice", "answer.1 Comment: Text?", "answer.2 Colour: Choice", "answer.3 Amount: Number", "answer.4 Size: Members",
            "answer.5 Tags: Lines", "answer.6 Years: Lines", "answer.7 Rest: Json");

    [Test]
    public void What_was_filled_in_becomes_the_answer()
    {
        (JsonNode? value, IReadOnlyDictionary<string, string> problems) = Read(Exported, new()
        {
            ["answer.0"] = "0",
            ["answer.1"] = "two\r\nlines",
            ["answer.2"] = "1",
            ["answer.3"] = "12.50",
            ["answer.4.0"] = "3",
            ["answer.5"] = "a\r\n\r\n b c \r\n",
            ["answer.6"] = "2026\n2027",
            ["answer.7"] = "{\"x\":1}",
        });

        problems.Should().BeEmpty();
        value!.ToJsonString().Should().Be(
            """{"approved":true,"comment":"two\nlines","colour":"green","amount":12.50,"size":{"width":3,"height":null},"tags":["a","b c"],"years":""" +
            """[2026,2027],"rest":{"x":1}}""");
    }

    [Test]
    public void What_is_wrong_is_told_by_its_control()
    {
        (_, IReadOnlyDictionary<string, string> problems) = Read(Exported, new()
        {
            ["answer.2"] = "7",
            ["answer.3"] = "12,5",
            ["answer.4.0"] = "1.5",
            ["answer.4.1"] = "x",
            ["answer.6"] = "2026\nsoon",
            ["answer.7"] = "{x}",
        });

        problems.Select(problem => $"{problem.Key}: {problem.Value}").Should().SatisfyRespectively(
            one => one.Should().Be("answer.0: Choose one."),
            one => one.Should().Be("answer.2: Choose one."),
            one => one.Should().Be("answer.3: “12,5” is no number; write one such as 12.5."),
            one => one.Should().Be("answer.4.0: “1.5” is no whole number; write one such as 12."),
            one => one.Should().Be("answer.4.1: “x” is no whole number; write one such as 12."),
            one => one.Should().Be("answer.6: “soon” is no whole number."),
            one => one.Should().StartWith("answer.7: is no JSON: "));
    }

    [TestCase("""{"type":"boolean"}""", "Choice Yes No", "1", "false")]
    [TestCase("""{"enum":["a",2,null]}""", "Choice? a 2", "1", "2")]
    [TestCase("""{"const":"ok"}""", "Choice ok", "0", "\"ok\"")]
    [TestCase("""{"type":["string","null"]}""", "Text?", " ", "null")]
    [TestCase("""{"type":"string","nullable":true}""", "Text?", "x", "\"x\"")]
    [TestCase("""{"type":"integer"}""", "Number", "123456789012345678901", "123456789012345678901")]
    [TestCase("""{"type":"array","items":{"enum":["a","b","c"]}}""", "Choices a b c", "0,2", "[\"a\",\"c\"]")]
    [TestCase("""{"type":"array","items":{"type":"number"}}""", "Lines", "1\n2.5", "[1,2.5]")]
    [TestCase("""{"type":"array","items":{"type":"object"}}""", "Json", "[{}]", "[{}]")]
    [TestCase("""{"type":["string","integer"]}""", "Json", "7", "7")]
    [TestCase("{}", "Json", "[1]", "[1]")]
    [TestCase("true", "Json", "\"x\"", "\"x\"")]
    public void A_value_alone_is_asked_for_as_well(string schema, string control, string filled, string answer)
    {
        AnswerField field = AnswerField.Of(JsonElement.Parse(schema));

        string.Join(' ', (string[])[$"{field.Kind}{(field.IsNullable ? "?" : "")}", .. field.Choices.Select(AnswerField.Words)]).Should().Be(control);
        (JsonNode? value, IReadOnlyDictionary<string, string> problems) = Read(field, new()
        {
            ["answer"] = field.Kind == AnswerKind.Choices ? new StringValues(filled.Split(',')) : new StringValues(filled),
        });
        problems.Should().BeEmpty();
        (value?.ToJsonString() ?? "null").Should().Be(answer);
    }

    [Test]
    public void What_may_be_left_out_is_left_out()
    {
        AnswerField field = AnswerField.Of(JsonElement.Parse(
            """
            {"type":"object","required":["a","list"],"properties":{"a":{"type":"object","properties":{"b":{"type":"string"}}},
             "c":{"type":"object","required":["d"],"properties":{"d":{"type":"string"}}},"e":{"type":"boolean"},"list":{"type":"array","items":{"enum":["x"]}}}}
            """));

        (JsonNode? value, IReadOnlyDictionary<string, string> problems) = Read(field, new() { ["answer.1.0"] = "  ", ["answer.2"] = "" });

        problems.Should().BeEmpty();
        value!.ToJsonString().Should().Be("""{"a":{},"list":[]}""");
    }

    [TestCase("""{"type":"integer","minimum":1,"maximum":10}""", "a whole number from 1 to 10")]
    [TestCase("""{"type":"number","exclusiveMinimum":0}""", "a number above 0")]
    [TestCase("""{"type":"string","minLength":2,"maxLength":5}""", "2 to 5 characters")]
    [TestCase("""{"type":"array","minItems":1,"items":{"type":"string","maxLength":1000}}""", "one a line, at least 1 of them, at most 1,000 characters")]
    public void The_bounds_are_told(string schema, string help) => AnswerField.Of(JsonElement.Parse(schema)).Help.Should().Be(help);

    private static string Told(AnswerField field) => $"{field.Name} {field.Label}: {field.Kind}{(field.IsNullable ? "?" : "")}";

    private static (JsonNode? Value, IReadOnlyDictionary<string, string> Problems) Read(AnswerField field, Dictionary<string, StringValues> filled)
    {
        var reader = new AnswerReader(new FormCollection(filled));
        return (reader.Read(field), reader.Problems);
    }
}
