using System.Text.Json.Nodes;

namespace Roost.AspNetCore.Output;

/// <summary>One place where two JSON values differ.</summary>
/// <param name="Path">Where: names after dots, places in brackets, from <c>$</c> on.</param>
/// <param name="Kind"><c>added</c>, <c>removed</c> or <c>changed</c>.</param>
/// <param name="Before">The older value, masked where it is secret.</param>
/// <param name="After">The newer value, masked where it is secret.</param>
public sealed record JsonChange(string Path, string Kind, JsonNode? Before, JsonNode? After);
