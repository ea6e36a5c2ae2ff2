namespace Roost;

/// <summary>What a trimmed program is told of members that find their metadata by reflection unless the settings bring it.</summary>
internal static class Reflective
{
    public const string Json =
        "The type's JSON metadata is made by reflection unless RoostOptions.Json has a resolver that knows it. Use the overload that takes a JsonTypeInfo.";

    public const string State =
        "The state's JSON metadata is made by reflection unless RoostOptions.Json has a resolver that knows it. Give the base its JsonTypeInfo: " +
        "base(Context.Default.State).";

    public const string Value =
        "The value's JSON metadata is made by reflection unless RoostOptions.Json has a resolver that knows it. Use the method that takes a JsonTypeInfo.";

    public const string Assembly = "Trimming removes engines that nothing names. Add each by AddEngine.";
}
