using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>Compares a state with what its JSON gives back, member by member.</summary>
internal sealed class Comparison(JsonSerializerOptions options)
{
    private readonly HashSet<object> seen = new(ReferenceEqualityComparer.Instance);

    public void Run(JsonTypeInfo type, object? state, object? back) => Compare(type, state, back, TypeNames.Of(type.Type), type.Type);

    private void Compare(JsonTypeInfo type, object? given, object? back, string path, Type owner)
    {
        if ((given is null or JsonElement { ValueKind: JsonValueKind.Null }) && back is null) return;
        if (given is null || back is null)
            throw new LostException(
                path,
                given is null ? $"it is null and comes back as {Shown(back)}. {Advice}" : $"it is {Shown(given)} and comes back as null. {Advice}"
            );
        if (Nullable.GetUnderlyingType(type.Type) is { } inner)
            type = options.GetTypeInfo(inner);
        if (type.Type == typeof(object))
        {
            CompareObject(given, back, path, owner);
            return;
        }
        switch (type.Kind)
        {
            case JsonTypeInfoKind.None when type.Converter is IElements: CompareElements(type, given, back, path, owner); break;
            case JsonTypeInfoKind.None: CompareValue(type, given, back, path); break;
            case JsonTypeInfoKind.Object: CompareMembers(type, given, back, path); break;
            case JsonTypeInfoKind.Dictionary: CompareEntries(type, given, back, path, owner); break;
            default: CompareElements(type, given, back, path, owner); break;
        }
    }

    private const string Advice =
        "Let it be written and read as it is: by a setter or a constructor's parameter, without a rule that leaves values out; or mark it [JsonIgnore].";

    /// <summary>What an object holds comes back as JSON. A library that declares one knows that; a state's own code asks for what it put in.</summary>
    private void CompareObject(object given, object back, string path, Type owner)
    {
        if (given.GetType() == typeof(object) && back is JsonElement { ValueKind: JsonValueKind.Object })
            return;
        if (
            given is JsonElement or JsonNode or JsonDocument
            || given.GetType() == back.GetType()
            || (JsonMembers.IsForeign(owner) && !JsonMembers.IsOfFramework(owner))
        )
        {
            if (given.GetType() == back.GetType()) Compare(options.GetTypeInfo(given.GetType()), given, back, path, owner);
            return;
        }
        throw new LostException(
            path,
            $"it is declared as object, holds {Held(given)}, and comes back as {TypeNames.A(back.GetType())}. Declare it as what it is, or as JsonElement."
        );
    }

    private static void CompareValue(JsonTypeInfo type, object given, object back, string path)
    {
        if (IsPlain(given) ? IsSamePlain(given, back) : given.Equals(back)) return;
        CompareConverted(given, back, path, type.Converter);
        // A converter is trusted with what it writes the same.
        string before = JsonSerializer.Serialize(given, type), after = JsonSerializer.Serialize(back, type);
        if (before == after || (before.StartsWith('{') && JsonElement.DeepEquals(JsonElement.Parse(before), JsonElement.Parse(after)))) return;
        throw new LostException(path, $"it is written as {Cut(before)}, and what is read back as {Cut(after)}. {Advice}");
    }

    private void CompareMembers(JsonTypeInfo type, object given, object back, string path)
    {
        if (!seen.Add(given)) return;
        if (given.GetType() != back.GetType())
            throw new LostException(
                path,
                $"it is {TypeNames.A(given.GetType())} and comes back as {TypeNames.A(back.GetType())}. Put " +
                $"[JsonDerivedType(typeof({TypeNames.Of(given.GetType())}), \"...\")] on {TypeNames.Of(type.Type)}."
            );
        JsonTypeInfo own = given.GetType() == type.Type ? type : options.GetTypeInfo(given.GetType());
        foreach (JsonPropertyInfo member in own.Properties)
        {
            if (member.Get is null || IsLeftOutByRule(member, given)) continue;
            string here = $"{path}.{JsonMembers.NameOf(member)}";
            object? before = member.Get(given), after = member.Get(back);
            JsonTypeInfo? its = member.CustomConverter is null ? TypeOf(member) : null;
            try
            {
                if (its is null) CompareText(before, after, here, member.CustomConverter);
                else Compare(its, before, after, here, own.Type);
            }
            catch (LostException) when (IsVolatile(its, member, given, before, own.Type))
            {
                // It differs from itself: computed from the time, or by chance.
            }
        }
        foreach (FieldInfo hidden in JsonMembers.Hidden(own)) CompareHidden(hidden, given, back, path);
    }

    /// <summary>A member that is computed may be of a type that source-generated settings do not know; then it was not written either.</summary>
    private JsonTypeInfo? TypeOf(JsonPropertyInfo member) => options.TryGetTypeInfo(member.PropertyType, out JsonTypeInfo? type) ? type : null;

    private static void CompareText(object? given, object? back, string path, JsonConverter? converter)
    {
        // By a converter that the member alone has: only what is plain can be compared here; the second writing tells the rest.
        if (given is not null && back is not null)
            CompareConverted(given, back, path, converter);
        if (given is null != back is null)
            throw new LostException(
                path,
                given is null ? $"it is null and comes back as {Shown(back)}. {Advice}" : $"it is {Shown(given)} and comes back as null. {Advice}"
            );
    }

    /// <summary>
    /// What can be told without knowing what a converter means: plain values, plain elements, and plain members of a type that says itself when it is equal.
    /// </summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = JsonMembers.Named)]
    private static void CompareConverted(object given, object back, string path, JsonConverter? converter)
    {
        if (IsPlain(given))
        {
            if (!IsSamePlain(given, back)) throw new LostException(path, $"it is {Exact(given)} and comes back as {Exact(back)}{By(converter)}. {Advice}");
        }
        else if (given is IEnumerable elements && back is IEnumerable others)
        {
            if (IsAtHand(elements) && IsAtHand(others) && Differs(elements, others) is { } how)
                throw new LostException(path, $"{how}{By(converter)}. {Advice}");
        }
        else if (given.GetType() != back.GetType())
        {
            throw new LostException(path, $"it is {TypeNames.A(given.GetType())} and comes back as {TypeNames.A(back.GetType())}{By(converter)}. {Advice}");
        }
        else if (
            !given.Equals(back) && given.GetType().GetInterfaces().Any(each => each.IsGenericType && each.GetGenericTypeDefinition() == typeof(IEquatable<>))
        )
        {
            foreach (PropertyInfo member in JsonMembers.Properties(given.GetType()))
                if (
                    member is { GetMethod.IsPublic: true }
                    && !JsonMembers.IsIgnored(member)
                    && member.GetValue(given) is { } before
                    && IsPlain(before)
                    && !IsSamePlain(before, member.GetValue(back))
                )
                    throw new LostException(
                        $"{path}.{member.Name}",
                        $"it is {Exact(before)} and comes back as {Exact(member.GetValue(back))}{By(converter)}. {Advice}"
                    );
        }
    }

    /// <summary>In what two collections differ that can be told from their number and their plain elements; null where they do not.</summary>
    private static string? Differs(IEnumerable given, IEnumerable back)
    {
        object?[] before = [.. given.Cast<object?>()], after = [.. back.Cast<object?>()];
        if (before.Length != after.Length) return $"it has {before.Length:N0} elements and comes back with {after.Length:N0}";
        if (IsUnordered(given)) return null;
        for (int i = 0; i < before.Length; i++)
            if (before[i] is { } one && IsPlain(one) && !IsSamePlain(one, after[i]))
                return $"its element {i} is {Exact(one)} and comes back as {Exact(after[i])}";
        return null;
    }

    /// <summary>What no member shows. One that comes back as null is taken for a cache: it is worked out when it is next asked for.</summary>
    private static void CompareHidden(FieldInfo field, object given, object back, string path)
    {
        if (field.GetValue(given) is not { } before || field.GetValue(back) is not { } after) return;
        string name = field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;
        string? how = IsPlain(before)
            ? IsSamePlain(before, after) ? null : $"it is {Exact(before)} and comes back as {Exact(after)}"
            : before is IEnumerable elements && after is IEnumerable others && IsAtHand(elements) && IsAtHand(others) ? Differs(elements, others) : null;
        if (how is not null)
            throw new LostException(
                $"{path}.{name}",
                $"{how}: it is not public, and JSON keeps public members alone. Make it a public property, put [JsonInclude] on it, or mark it " +
                $"[JsonIgnore] where it can be worked out anew."
            );
    }

    /// <summary>A number, a time, an id, an enum or a text: what it is equal to is beyond doubt.</summary>
    private static bool IsPlain(object value) =>
        value is string or Enum or bool or char || (value is ValueType and IFormattable && JsonMembers.IsOfFramework(value.GetType()));

    private static bool IsSamePlain(object one, object? other) => one switch
    {
        DateTime time => other is DateTime its && time == its && time.Kind == its.Kind,
        DateTimeOffset time => other is DateTimeOffset its && time.EqualsExact(its),
        _ => one.Equals(other),
    };

    private static string By(JsonConverter? converter) =>
        converter is not null && JsonMembers.IsOfUser(converter) ? $", by {TypeNames.Of(converter.GetType())}" : "";

    /// <summary>To the last part of a second.</summary>
    private static string Exact(object? value) =>
        value is DateTime or DateTimeOffset or TimeOnly ? ((IFormattable)value).ToString("O", CultureInfo.InvariantCulture) : Shown(value);

    private bool IsVolatile(JsonTypeInfo? type, JsonPropertyInfo member, object given, object? before, Type owner)
    {
        if (type is null) return false;
        try
        {
            new Comparison(options).Compare(type, before, member.Get!(given), "", owner);
            return false;
        }
        catch (LostException)
        {
            return true;
        }
    }

    /// <summary>The host's own rule says not to write it, and no attribute or option does: that is a decision.</summary>
    private bool IsLeftOutByRule(JsonPropertyInfo member, object given) =>
        options.DefaultIgnoreCondition == JsonIgnoreCondition.Never && member.ShouldSerialize is { } rule
        && (member.AttributeProvider as MemberInfo)?.IsDefined(typeof(JsonIgnoreAttribute), true) != true
        && !rule(given, member.Get!(given));

    private void CompareElements(JsonTypeInfo type, object given, object back, string path, Type owner)
    {
        if (!IsAtHand(back) || given is not IEnumerable) return; // The second writing tells.
        if (!IsAtHand(given))
        {
            if (JsonMembers.ElementOf(type) is not { IsSealed: false }) return;
            given = ((IEnumerable)given).Cast<object?>().ToArray(); // Worked out once more, for what its elements are.
        }
        CompareOrder(type, given, back, path);
        object?[] before = [.. ((IEnumerable)given).Cast<object?>()], after = [.. ((IEnumerable)back).Cast<object?>()];
        if (before.Length != after.Length) throw new LostException(path, $"it has {before.Length:N0} elements and comes back with {after.Length:N0}. {Advice}");
        JsonTypeInfo element = options.GetTypeInfo(JsonMembers.ElementOf(type) ?? typeof(object));
        if (IsUnordered(given))
        {
            (string Text, object? Value)[] texts = ByText(before, element),
                others = ByText(after, element);
            if (!texts.Select(each => each.Text).SequenceEqual(others.Select(each => each.Text)))
                throw new LostException(path, $"its elements do not all come back as they are. {Advice}");
            (before, after) = ([.. texts.Select(each => each.Value)], [.. others.Select(each => each.Value)]);
        }
        for (int i = 0; i < before.Length; i++) Compare(element, before[i], after[i], $"{path}[{i}]", owner);
    }

    private void CompareEntries(JsonTypeInfo type, object given, object back, string path, Type owner)
    {
        if (!IsAtHand(given) || !IsAtHand(back)) return;
        CompareOrder(type, given, back, path);
        List<(object Key, object? Value)> before = Entries(given), after = Entries(back);
        if (before.Count != after.Count) throw new LostException(path, $"it has {before.Count:N0} entries and comes back with {after.Count:N0}. {Advice}");
        var found = new Dictionary<object, object?>();
        foreach ((object key, object? value) in after) found[key] = value;
        JsonTypeInfo element = options.GetTypeInfo(type.ElementType ?? typeof(object));
        foreach ((object key, object? value) in before)
        {
            if (!found.TryGetValue(key, out object? other))
                throw new LostException(
                    path,
                    $"its key {Shown(key)} does not come back; there is {Shown(after[0].Key)} where it was. Set DictionaryKeyPolicy = null in the JSON " +
                    $"settings, and use keys that are their own text, such as strings, numbers and ids."
                );
            Compare(element, value, other, $"{path}[{key}]", owner);
        }
    }

    /// <summary>
    /// How keys are compared or sorted is no part of JSON: a dictionary that ignored case would suddenly not. Behind an interface a collection comes
    /// back as the framework's choice of its kind.
    /// </summary>
    private static void CompareOrder(JsonTypeInfo type, object given, object back, string path)
    {
        if (given.GetType() != back.GetType() && IsWritable(type.Type) && IsUnordered(given) != IsUnordered(back))
            throw new LostException(
                path,
                $"it is {TypeNames.A(given.GetType())} and comes back as {TypeNames.A(back.GetType())}, which takes the same element twice. Declare it as " +
                $"{TypeNames.Of(given.GetType())}."
            );
        object? mine = Comparer(given),
            other = Comparer(back);
        if (mine is null || (other is null && !IsWritable(type.Type)) || (other is not null && IsSame(mine, other)))
            return;
        if (IsSorted(given.GetType()) && !IsSorted(back.GetType()))
            throw new LostException(
                path,
                $"it is {TypeNames.A(given.GetType())}, which is sorted, and comes back as {TypeNames.A(back.GetType())}, which is not. Declare it as " +
                $"{TypeNames.Of(given.GetType())}."
            );
        if (other is null)
            return;
        throw new LostException(
            path,
            $"it compares by {TypeNames.A(mine.GetType())}, and comes back with {TypeNames.A(other.GetType())}. Use keys that need no comparer, such as " +
            $"lower case; or, in a type that is read by a constructor without parameters, make it with its comparer in the member's initialiser and put " +
            $"[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)] on the member."
        );
    }

    /// <summary>Whoever has it by this type can change it.</summary>
    private static bool IsWritable(Type type) =>
        !type.IsInterface
        || (
            type.IsGenericType
            && type.GetGenericTypeDefinition() is var general
            && (general == typeof(ICollection<>) || general == typeof(IList<>) || general == typeof(ISet<>) || general == typeof(IDictionary<,>))
        );

    /// <summary>What says how a collection of the type compares; null where it does not.</summary>
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(Dictionary<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicProperties, typeof(HashSet<>))]
    [UnconditionalSuppressMessage(
        "Trimming",
        "IL2070",
        Justification = "Kept of the collections that are named above; of another from which it was removed no comparer is told as lost."
    )]
    public static PropertyInfo? ComparerOf(Type type) =>
        typeof(IEnumerable).IsAssignableFrom(type) ? type.GetProperty("Comparer") ?? type.GetProperty("KeyComparer") : null;

    private static bool IsSorted(Type collection) =>
        ComparerOf(collection)?.PropertyType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(IComparer<>);

    private static object? Comparer(object collection) => ComparerOf(collection.GetType())?.GetValue(collection);

    private static bool IsSame(object one, object other)
    {
        if (one.Equals(other)) return true;
        return one is IEqualityComparer<string?> mine && other is IEqualityComparer<string?> its && IsOrdinal(mine) && IsOrdinal(its);

        static bool IsOrdinal(IEqualityComparer<string?> comparer) =>
            comparer.Equals(EqualityComparer<string>.Default) || (StringComparer.IsWellKnownOrdinalComparer(comparer, out bool ignoresCase) && !ignoresCase);
    }

    private static List<(object Key, object? Value)> Entries(object dictionary)
    {
        if (dictionary is IDictionary plain) return [.. plain.Keys.Cast<object>().Select(key => (key, plain[key]))];
        return [.. ((IEnumerable)dictionary).Cast<object>().Select(entry => (JsonMembers.PartOf(entry, "Key")!, JsonMembers.PartOf(entry, "Value")))];
    }

    /// <summary>Not something that is only worked out, or gone, when it is asked for.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = JsonMembers.Named)]
    public static bool IsAtHand(object collection) =>
        collection is ICollection
        || collection
            .GetType()
            .GetInterfaces()
            .Any(each =>
                each.IsGenericType
                && each.GetGenericTypeDefinition() is var general
                && (general == typeof(ICollection<>) || general == typeof(IReadOnlyCollection<>))
            );

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = JsonMembers.Named)]
    private static bool IsUnordered(object collection) =>
        collection
            .GetType()
            .GetInterfaces()
            .Any(each =>
                each.IsGenericType && each.GetGenericTypeDefinition() is var general && (general == typeof(ISet<>) || general == typeof(IReadOnlySet<>))
            )
        || collection.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ConcurrentBag<>);

    private static (string Text, object? Value)[] ByText(object?[] elements, JsonTypeInfo type) =>
        [.. elements.Select(each => (Text: JsonSerializer.Serialize(each, type), Value: each)).OrderBy(each => each.Text, StringComparer.Ordinal)];

    private static string Shown(object? value) => value switch
    {
        null => "null",
        string text => $"\"{Cut(text)}\"",
        IFormattable and not IEnumerable => Cut(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture)),
        _ => TypeNames.A(value.GetType()),
    };

    private static string Held(object value) =>
        Shown(value) is var shown && shown == TypeNames.A(value.GetType()) ? shown : $"{shown}, {TypeNames.A(value.GetType())}";

    private static string Cut(string text) => ShortText.Cut(text, 60);
}
