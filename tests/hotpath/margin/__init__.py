"""Tests of hotpath/margin."""
