using System.Globalization;
using CsCheck;
using ModularDM.Configurator.Operations.TimeZone;
using ModularDM.Configurator.Platform.Windows;

namespace ModularDM.Configurator.Tests.Platform.Windows;

public sealed class DateTests
{
    private static readonly Gen<DateTimeOffset> s_moments = Gen.Long[0, 253402300799L - 86400L].Select(DateTimeOffset.FromUnixTimeSeconds);

    private static readonly string[] s_suffixes = ["Z", "", "+01:00", "-008:00"];

    [Fact]
    public void CspDate_AnyMoment_RoundTrips() =>
        s_moments.Sample(moment => CspDate.TryParse(CspDate.Format(moment), out DateTimeOffset read) && read == moment);

    [Fact]
    public void CspDate_AnyOffset_MeansTheSameMoment() => Gen.Select(s_moments, Gen.Int[-14 * 60, 14 * 60]).Sample((moment, minutes) =>
    {
        DateTimeOffset local = moment.AddDays(1).ToOffset(TimeSpan.FromMinutes(minutes));
        string text = local.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        string sign = minutes < 0 ? "-" : "+";
        string three = string.Create(CultureInfo.InvariantCulture, $"{text}{sign}{Math.Abs(minutes) / 60:000}:{Math.Abs(minutes) % 60:00}");
        return CspDate.TryParse(three, out DateTimeOffset read) && read == local;
    });

    [Theory]
    [InlineData("2016-10-10T09:00:01-008:00", "2016-10-10T17:00:01Z")]
    [InlineData("2016-10-10T09:00:01", "2016-10-10T09:00:01Z")]
    [InlineData("2016-10-10T09:00:01.123Z", "2016-10-10T09:00:01Z")]
    public void CspDate_WhatWindowsWrites_IsRead(string text, string utc)
    {
        Assert.True(CspDate.TryParse(text, out DateTimeOffset read));
        Assert.Equal(utc, CspDate.Format(read));
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("2016-13-10T09:00:01Z")]
    [InlineData("2016-10-10 09:00:01Z")]
    [InlineData("2016-10-10T09:00:01+99:00")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    public void CspDate_AnythingElse_IsRefused(string text) => Assert.False(CspDate.TryParse(text, out _));

    [Fact]
    public void CspDate_AnyText_NeverThrows() => Gen.String.Sample(text => !CspDate.TryParse(text, out DateTimeOffset read) || CspDate.TryParse(CspDate.Format(read), out _));

    [Fact]
    public void TransitionDate_AnyRule_RoundTrips() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 5], Gen.Int[0, 23], Gen.Int[0, 59], Gen.Int[0, 59], Gen.Int[0, 3].Select(i => s_suffixes[i])).Sample(
            (month, week, hour, minute, second, suffix) =>
            {
                var rule = new TransitionDate(0, month, week, hour, minute, second);
                string text = rule.ToString()[..^1] + suffix;
                return TransitionDate.TryParse(text, out TransitionDate read) && read == rule && read.IsRule;
            });

    [Fact]
    public void TransitionDate_AnyDate_RoundTrips() => s_moments.Where(moment => moment.Year > 0).Sample(moment =>
        TransitionDate.TryParse(CspDate.Format(moment), out TransitionDate read) && read.ToString() == CspDate.Format(moment) && !read.IsRule);

    [Theory]
    [InlineData("0000-00-01T02:00:00Z")]
    [InlineData("0000-13-01T02:00:00Z")]
    [InlineData("0000-03-00T02:00:00Z")]
    [InlineData("0000-03-06T02:00:00Z")]
    [InlineData("0000-03-02T24:00:00Z")]
    [InlineData("2026-02-29T02:00:00Z")]
    [InlineData("2026-02-28T02:00:00.5Z")]
    [InlineData("2026-02-28T02:00:00z")]
    [InlineData("2026-02-28T02:00:00Z\n")]
    [InlineData("3/2/2016 2:00:00 AM")]
    public void TransitionDate_AnythingElse_IsRefused(string text) => Assert.False(TransitionDate.TryParse(text, out _));
}
